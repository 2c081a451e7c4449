"""In which size the best layer of a camera is asked for, over time."""

import pytest

from media_node.bandwidth.best import BestLayer
from media_node.quantities import Instant


class Camera:
    """A 720p camera and what its receivers' links carry."""

    def __init__(self) -> None:
        self.best = BestLayer(whole_height=720, whole_bps=1_500_000)
        self.now = 0.0

    def pass_by(self, seconds: float, *, carried: int) -> list[float]:
        """The moments at which the size changed, while somebody's link carries so many bits per second."""
        turned = []
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            fits_whole = carried >= 1_500_000
            is_received = fits_whole if not self.best.is_reduced else carried >= self.best.reduced_bps
            fits_reduced = carried >= self.best.reduced_bps
            if self.best.settle(
                Instant(self.now), is_received=is_received, fits_whole=fits_whole, fits_reduced=fits_reduced
            ):
                turned.append(self.now)
        return turned


def test_a_best_layer_that_nobody_can_have_becomes_smaller_after_a_while():
    camera = Camera()
    assert camera.pass_by(10, carried=1_000_000) == [2.25]
    assert (camera.best.height, camera.best.bps) == (480, 825_000)


@pytest.mark.parametrize("carried", [400_000, 2_000_000])
def test_it_stays_whole_where_a_smaller_one_does_not_fit_either_or_a_whole_one_does(carried):
    assert Camera().pass_by(60, carried=carried) == []


def test_it_is_whole_again_once_that_fits():
    camera = Camera()
    camera.pass_by(10, carried=1_000_000)
    assert len(camera.pass_by(10, carried=2_000_000)) == 1
    assert (camera.best.height, camera.best.bps) == (720, 1_500_000)


def test_on_a_link_that_rises_and_falls_it_changes_ever_more_rarely():
    camera = Camera()
    turned = []
    for _ in range(20):
        turned += camera.pass_by(4, carried=1_000_000)
        turned += camera.pass_by(6, carried=2_000_000)
    assert len(turned) < 10


def test_after_a_long_time_whole_a_fall_does_not_count_against_it():
    camera = Camera()
    for _ in range(4):
        assert len(camera.pass_by(4, carried=1_000_000)) == 1
        assert len(camera.pass_by(60, carried=2_000_000)) == 1


def test_a_sender_that_goes_on_as_before_is_taken_at_its_word():
    camera = Camera()
    camera.pass_by(4, carried=1_000_000)
    assert not camera.best.handle_seen(Instant(camera.now), 480)
    assert camera.best.handle_seen(Instant(camera.now + 5), 720)
    assert not camera.best.is_reducible


def test_a_sender_has_time_to_follow():
    camera = Camera()
    camera.pass_by(2.5, carried=1_000_000)
    assert camera.best.is_reduced
    assert not camera.best.handle_seen(Instant(camera.now), 720)
