"""What each request passes on its way to a route, one duty each, as plain ASGI; app.py has their order."""
