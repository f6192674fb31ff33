"""orfeas beside its peers: what one request costs in each, who says what is true, who holds how many users."""
