"""Huixin 回信: a two-way SMS bot for shops whose customers write Chinese."""
