"""What a person looks at: recorded callbacks in our words, the requests of a send, the table of capabilities."""
