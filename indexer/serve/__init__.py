"""The local HTTP API, compatible with clients of the cloud's photo API. Imported by `indexer serve` alone."""
