"""Machine learning before deep learning: lecture 2 of the course, written once for any array library.

- `knn`: k nearest neighbours, with distances computed in three ways;
- `kmeans`, `pca`: two ways to find structure where there are no labels;
- `linear_regression`, `logistic_regression`: a line through points, a line between them;
- `cross_validation`: how to split the data, and how to choose what training cannot choose.
"""

from i2dl.classic.cross_validation import KChoice, choose_k, cross_validate, k_fold_indices, split_indices
from i2dl.classic.kmeans import KMeans, kmeans, kmeans_assign, kmeans_start, kmeans_update
from i2dl.classic.knn import distances_no_loops, distances_one_loop, distances_two_loops, knn_predict, majority_vote
from i2dl.classic.linear_regression import (
    add_bias_column,
    gaussian_log_likelihood,
    least_squares,
    least_squares_loss,
    linear_prediction,
    noise_estimate,
    normal_equations,
)
from i2dl.classic.logistic_regression import (
    LogisticFit,
    bernoulli_log_likelihood,
    logistic_loss,
    logistic_prediction,
    logistic_regression,
)
from i2dl.classic.pca import PrincipalComponents, pca, pca_project, pca_reconstruct

__all__ = [
    "KChoice",
    "KMeans",
    "LogisticFit",
    "PrincipalComponents",
    "add_bias_column",
    "bernoulli_log_likelihood",
    "choose_k",
    "cross_validate",
    "distances_no_loops",
    "distances_one_loop",
    "distances_two_loops",
    "gaussian_log_likelihood",
    "k_fold_indices",
    "kmeans",
    "kmeans_assign",
    "kmeans_start",
    "kmeans_update",
    "knn_predict",
    "least_squares",
    "least_squares_loss",
    "linear_prediction",
    "logistic_loss",
    "logistic_prediction",
    "logistic_regression",
    "majority_vote",
    "noise_estimate",
    "normal_equations",
    "pca",
    "pca_project",
    "pca_reconstruct",
    "split_indices",
]
