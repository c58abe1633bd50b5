"""One process in front of many workers: formula, mean value analysis and simulation agree where they should."""

import pytest

from experiments.sweep.coordination import Coordination, plan_table, simulated_share
from theory.common.errors import InputError


def mean_value_share(workers: int, cell_seconds: float, dispatch_seconds: float) -> float:
    """The share of work without windows, where lengths and services are exponential: the machine-repair model.

    Mean value analysis, exact for this closed network: R_n = c (1 + Q_{n-1}), X_n = n / (l + R_n), Q_n = X_n R_n.

    Returns:
        X_N l / N.

    Source:
        Reiser and Lavenberg, Journal of the ACM 27 (1980).
    """
    queue = rate = 0.0
    for count in range(1, workers + 1):
        response = dispatch_seconds * (1 + queue)
        rate = count / (cell_seconds + response)
        queue = rate * response
    return rate * cell_seconds / workers


def test_one_worker_without_a_window_waits_for_every_dispatch():
    setting = Coordination(1, 1.0, 0.25, window=1)
    assert simulated_share(setting, 1000, spread=False) == pytest.approx(1 / 1.25)


@pytest.mark.parametrize(("workers", "dispatch"), [(5, 0.05), (20, 0.05), (60, 0.05)])
def test_without_windows_the_simulation_is_the_machine_repair_model(workers, dispatch):
    found = simulated_share(Coordination(workers, 1.0, dispatch, window=1), 40_000 // workers, exponential=True)
    assert found == pytest.approx(mean_value_share(workers, 1.0, dispatch), rel=0.02)  # 40,000 tasks: 0.5 % each


@pytest.mark.parametrize("batch", [1, 10])
def test_a_command_that_is_asked_too_much_serves_what_it_can(batch):
    setting = Coordination(1000, 0.5, 0.002, 0.0005, batch)
    assert setting.share < 1
    assert simulated_share(setting, 40) == pytest.approx(setting.share, rel=0.05)


def test_windows_hide_the_command_where_there_is_time_enough():
    setting = Coordination(100, 1.0, 0.005)
    assert setting.share == 1 and simulated_share(setting, 200) > 0.99
    assert simulated_share(setting, 200) > simulated_share(Coordination(100, 1.0, 0.005, window=1), 200)


def test_the_least_length_is_where_the_share_is_reached():
    least = Coordination(1000, 1.0, 0.002).least_cell_seconds(0.9)
    assert Coordination(1000, least, 0.002).share == pytest.approx(0.9)


def test_tasks_of_several_cells_serve_more_up_to_what_keeping_allows():
    rates = [Coordination(10, 1.0, 0.002, 0.001, batch).cells_per_second for batch in (1, 10, 1000)]
    assert rates == sorted(rates) and rates[0] == 500 and rates[-1] < 1000


def test_the_plan_names_every_size():
    table = plan_table(0.002, 0.001).splitlines()
    assert len(table) == 11 and table[-1].startswith("| 10,000 | 100 |")


@pytest.mark.parametrize("change", [{"workers": 0}, {"cell_seconds": 0.0}, {"keep_seconds": 1.0}, {"batch": 0}])
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(InputError):
        Coordination(**{"workers": 1, "cell_seconds": 1.0, "dispatch_seconds": 0.1} | change)
