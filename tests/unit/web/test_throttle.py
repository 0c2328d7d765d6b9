"""Guesses are counted by client, and forgotten with time."""

from __future__ import annotations

from gateway.web.throttle import Throttle


def test_a_client_has_so_many_guesses_and_gets_new_ones_with_time() -> None:
    throttle = Throttle()
    allowed = [throttle.allow("192.0.2.1", monotonic=0.0) for _ in range(100)]
    assert allowed == [True] * 20 + [False] * 80
    assert throttle.allow("192.0.2.2", monotonic=0.0)
    assert not throttle.allow("192.0.2.1", monotonic=2.0)
    assert [throttle.allow("192.0.2.1", monotonic=8.0) for _ in range(4)] == [True, True, False, False]


def test_all_addresses_of_an_ipv6_network_are_one_client() -> None:
    throttle = Throttle()
    guesses = [throttle.allow(f"2001:db8::{number:x}", monotonic=0.0) for number in range(100)]
    assert sum(guesses) == 20
    assert throttle.allow("2001:db8:0:1::1", monotonic=0.0)
    assert throttle.allow("not an address", monotonic=0.0)


def test_what_it_remembers_is_bounded() -> None:
    throttle = Throttle()
    for number in range(25_000):
        throttle.allow(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", monotonic=0.0)
    assert len(throttle._buckets) == 10_000
