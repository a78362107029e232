"""Puts the Studio into Airflow's navigation."""

from airflow.plugins_manager import AirflowPlugin

from perennial.studio.opening import PREFIX, LazyStudio


class StudioPlugin(AirflowPlugin):
    """Marketing's pages inside Airflow, behind its login; see docs/how-to/studio.md."""

    name = "perennial_studio"
    fastapi_apps = [{"app": LazyStudio(), "url_prefix": PREFIX, "name": "Studio"}]  # noqa: RUF012 - as Airflow reads it
    external_views = [  # noqa: RUF012 - as Airflow reads it
        {
            "name": "Studio",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "studio",
            "nav_top_level": True,
            "icon": f"{PREFIX}/static/icon.svg",
        }
    ]
