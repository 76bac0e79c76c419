"""What tests share: runs of the gate, judgements, recordings, pages and endpoints that are made up."""
