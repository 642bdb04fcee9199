"""Reading what the hub knows, on both databases: values, versions, messages, queues, statistics."""
