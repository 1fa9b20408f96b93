"""The shapes of requests and responses, for their checking and for the API's description: a file a domain."""
