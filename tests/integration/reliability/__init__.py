"""What was answered 2xx is never lost and never delivered twice, whatever happens to the process, disk or database."""
