"""The head equals scikit-learn's; few, equal and single examples; cross-validation and its interval."""

import math
import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ulmfit_demo.teach import curve, head, validation


def data(n=60, d=200, k=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return rng.normal(size=(n, d)) + 1.5 * np.eye(d)[labels], labels


@pytest.mark.parametrize(("n", "d"), [(30, 200), (300, 20)])
def test_the_head_is_scikit_learns(n, d):
    x, y = data(n, d)
    norm = head.norm_of(x)
    ours = head.fit(x, y, 3, norm)
    theirs = LogisticRegression(
        C=head.STRENGTH / d, class_weight="balanced", tol=1e-10, max_iter=5_000
    ).fit(norm(x), y)
    assert np.abs(ours.probabilities(x) - theirs.predict_proba(norm(x))).max() < 2e-3


def test_a_class_without_a_line_is_never_the_verdict():
    x, y = data(k=3)
    two = y < 2
    found = head.fit(x[two], y[two], 8, head.norm_of(x))
    assert set(found.probabilities(x).argmax(1)) <= {0, 1}


def test_one_class_only_is_refused_and_equal_lines_are_not():
    x = np.ones((50, 8))
    with pytest.raises(ValueError, match="two classes"):
        head.fit(x, np.zeros(50, int), 2, head.norm_of(x))
    found = head.fit(x, np.arange(50) % 2, 2, head.norm_of(x)).probabilities(x)
    assert found == pytest.approx(0.5, abs=1e-6)


def test_the_deviation_of_features_is_the_weight_asked_for():
    x, _ = data(4_000, 6)
    z = head.norm_of(x, np.array([1, 1, 1, 1, 1, 0.5]))(x)
    assert z.std(0) == pytest.approx([1, 1, 1, 1, 1, 0.5], abs=0.05)


def test_doubt_is_largest_where_two_are_alike():
    p = np.array([[0.5, 0.5, 0.0], [0.9, 0.05, 0.05], [0.4, 0.35, 0.25]])
    assert head.doubt(p).argsort().tolist() == [1, 2, 0]
    assert head.unsure(p).tolist() == [True, False, True]


def test_folds_deal_out_each_class_evenly():
    labels = np.array([0] * 40 + [1] * 20)
    fold = validation.folds_of(labels)
    assert np.bincount(fold).tolist() == [6] * 10
    assert all(np.bincount(fold[labels == 1], minlength=10) == 2)


def test_cross_validation_is_that_of_scikit_learn():
    x, y = data(80, 30, 2, seed=3)
    norm = head.norm_of(x)
    found = validation.cross_validate(x, y, 2, norm)
    fold, right = validation.folds_of(y), 0
    for f in range(10):
        model = LogisticRegression(
            C=head.STRENGTH / 30, class_weight="balanced", tol=1e-10, max_iter=5_000
        ).fit(norm(x[fold != f]), y[fold != f])
        right += (model.predict(norm(x[fold == f])) == y[fold == f]).sum()
    assert abs(found.right - right) <= 1
    assert found.confusion.sum() == found.n == 80


def test_labels_without_meaning_are_not_right_and_not_below_chance():
    """Balanced classes held back one at a time would otherwise be wrong nearly always."""
    x = np.random.default_rng(0).normal(size=(40, 300))
    found = validation.cross_validate(x, np.arange(40) % 2, 2, head.norm_of(x))
    assert 0.25 < found.accuracy < 0.75
    low, high = found.interval
    assert low < found.accuracy < high
    assert found.plus_minus > 0.1


def test_too_few_labels_give_no_accuracy_and_a_single_example_counts_as_wrong():
    x, _ = data(5, 10)
    norm = head.norm_of(x)
    assert validation.cross_validate(x[:3], np.array([0, 1, 0]), 2, norm) is None
    assert validation.cross_validate(x, np.zeros(5, int), 2, norm) is None
    found = validation.cross_validate(x, np.array([0, 0, 0, 0, 1]), 2, norm)
    assert found.confusion[1, 1] == 0


def test_after_its_time_no_fold_begins_and_what_was_judged_is_counted():
    x, y = data(80, 30, 2, seed=3)
    norm = head.norm_of(x)
    found = validation.cross_validate(x, y, 2, norm, seconds=-1)
    assert (found.folds, found.n, found.left_out) == (1, 8, 72)
    assert found.confusion.sum() == 8
    whole = validation.cross_validate(x, y, 2, norm)
    assert (whole.n, whole.left_out) == (80, 0)


def test_after_its_time_a_curve_has_its_first_points_only():
    x, y = data(80, 30, 2, seed=3)
    points = list(curve.curve({"a": x}, y, 2, 3, until=-math.inf))
    assert [(p.labels, p.draws) for p in points] == [(4, 3)]
    points = list(curve.curve({"a": x}, y, 2, 3, until=time.monotonic() + 600))
    assert [p.labels for p in points] == curve.sizes(80, 2) == [4, 8, 16, 32, 64]
