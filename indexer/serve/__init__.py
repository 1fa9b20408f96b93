"""The local HTTP API: the same records, to clients of the cloud's photo API. Imported by `indexer serve` alone."""
