"""
Anomalies: a threshold on the density
=====================================

After training, a mixture gives the density :math:`p(x)` of any new point. Where :math:`p(x) \\le \\tau`, the point is flagged.
"""

import matplotlib.pyplot as plt
import numpy as np

from mixtura import (
    AnomalyDisplay,
    GaussianMixtureDetector,
    load_dataset,
)

train = load_dataset("walk-through").values
rng = np.random.default_rng(0)
odd = rng.uniform([-4, -4], [12, 9], size=(20, 2))
new = np.vstack([train[::10] + rng.normal(0, 0.3, (30, 2)), odd])

# %%
# The rule of the slide
# ---------------------
#
# ``threshold`` is :math:`\log \tau`, in nats. NumPy agrees on the density of each new point, and on what is flagged.

TAU = 1e-4
detector = GaussianMixtureDetector(
    3, threshold=np.log(TAU), random_state=0
).fit(train)
mixture = detector.mixture_


def density(x, weights, means, covariances):
    d = x[:, None] - means
    squares = np.einsum(
        "nki,kij,nkj->nk", d, np.linalg.inv(covariances), d
    )
    scales = np.sqrt(np.linalg.det(2 * np.pi * covariances))
    return (weights * np.exp(-squares / 2) / scales).sum(axis=1)


p = density(new, mixture.weights_, mixture.means_, mixture.covariances_)
np.testing.assert_allclose(
    np.exp(detector.score_samples(new)), p, 1e-10
)
flagged = detector.predict(new) == -1
assert (flagged == (p <= TAU)).all()
print(f"{flagged.sum()} of {len(new)} flagged")

figure, ax = plt.subplots(figsize=(7.4, 4.8), layout="constrained")
AnomalyDisplay.from_estimator(
    detector, new, feature_names=["x1", "x2"], ax=ax
)

# %%
# Where does the threshold come from?
# -----------------------------------
#
# A density has a unit, one over that of the columns, so that no value of :math:`\tau` means anything by itself. How often an ordinary row
# is as improbable does: the tail probability, a p-value without a unit. A false alarm on one ordinary row in a hundred:

alarm = GaussianMixtureDetector(
    3, false_alarm_rate=0.01, random_state=0
).fit(train)
tail = alarm.tail_probability(new)
print(f"log of the threshold {alarm.offset_:.2f} nats")
print(f"{(alarm.predict(new) == -1).sum()} flagged")
for row in np.argsort(tail)[:3]:
    print(f"  {new[row].round(2)}  tail probability {tail[row]:.1e}")

# %%
# Which column is to blame
# ------------------------
#
# The surprise of a row divides among its columns, in nats.

worst = new[np.argsort(tail)[:3]]
parts = alarm.contributions(worst)
for x, part in zip(worst, parts, strict=True):
    print(f"  {x.round(2)}  x1 {part[0]:6.1f}  x2 {part[1]:6.1f}")
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
AnomalyDisplay.from_estimator(alarm, new, kind="histogram", ax=ax)
plt.show()
