"""Understanding a reply: text, numbers, dates, matching, mood, topics. Pure."""
