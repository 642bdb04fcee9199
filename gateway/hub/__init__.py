"""The hub: journal, series store, master data, runner, outbox, scheduler, access."""
