"""Commercial platforms that the platform can work with; each is off unless a stack asks for it."""

from components.integrations.servicenow import ServiceNowWorker, ServiceNowWorkerArgs
from components.integrations.uipath import UIPATH_CREDENTIALS, UiPathBridge, UiPathBridgeArgs

__all__ = ["UIPATH_CREDENTIALS", "ServiceNowWorker", "ServiceNowWorkerArgs", "UiPathBridge", "UiPathBridgeArgs"]
