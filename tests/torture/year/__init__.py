"""A simulated year of a desk: random acts on a virtual clock, held against a slow reckoning of its own.

world    the gateway as it is, over its real storage, with a clock and a relay of ours
script   what people do, at random, from a seed
reckon   what must come of it, written from DOMAIN.md and the rules' data; calls nothing of gateway.domain
compare  the first difference, with all that is needed to see it again
"""
