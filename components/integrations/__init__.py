"""Commercial platforms that the platform can work with; each is off unless a stack asks for it."""

from components.integrations.servicenow import ServiceNowWorker, ServiceNowWorkerArgs
from components.integrations.uipath import UiPathBridge, UiPathBridgeArgs

__all__ = ["ServiceNowWorker", "ServiceNowWorkerArgs", "UiPathBridge", "UiPathBridgeArgs"]
