"""How Grafana's sidecar finds dashboards: ConfigMaps of any namespace, with one label.

Source: OBS-DASH-1.
"""

LABEL = {"grafana_dashboard": "1"}
# the folder in Grafana that a dashboard is shown in
FOLDER_ANNOTATION = "grafana_folder"
