"""ASGI middlewares that each request passes on its way to a route, one duty each; app.py has their order."""
