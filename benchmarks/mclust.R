# Answers requests of `mclust.py`, one on each line, with one line of numbers each.
suppressPackageStartupMessages(library(mclust))

# from the same partitions as mclust's own fits, until nothing is left to gain
tight <- emControl(tol = c(1e-12, 1e-10), itmax = c(10000, 500))

# log-likelihood and observations of the smallest component
converged <- function(x, model, size, start) {
  fit <- suppressWarnings(
    if (size == 1) mvn(modelName = model, data = x)
    else me(modelName = model, data = x, z = unmap(start), control = tight)
  )
  if (is.null(fit$loglik) || !is.finite(fit$loglik)) return(c(NA, NA))
  c(fit$loglik, if (size == 1) nrow(x) else min(colSums(fit$z)))
}

partitions <- function(x) hc(x, modelName = "VVV", use = "SVD")

elapsed <- function(expression) system.time(expression, gcFirst = FALSE)[["elapsed"]]

answers <- list(
  # seconds of all structures and sizes
  table = function(x, largest) {
    elapsed(Mclust(x, G = 1:as.integer(largest), verbose = FALSE))
  },
  # log-likelihoods of one structure, by size
  levels = function(x, model, largest) {
    tree <- partitions(x)
    sapply(seq_len(as.integer(largest)), function(size) {
      converged(x, model, size, if (size > 1) hclass(tree, size))[1]
    })
  },
  # seconds of one fit, and where its start leads
  fit = function(x, model, size) {
    size <- as.integer(size)
    spent <- elapsed(
      fit <- Mclust(x, G = size, modelNames = model, verbose = FALSE)
    )
    c(spent, converged(x, model, size, hclass(partitions(x), size)))
  }
)

cat(as.character(packageVersion("mclust")), "\n")
requests <- file("stdin", "r")
while (length(line <- readLines(requests, 1)) > 0) {
  words <- strsplit(line, " ", fixed = TRUE)[[1]]
  x <- as.matrix(read.csv(words[2], header = FALSE))
  numbers <- do.call(answers[[words[1]]], c(list(x), as.list(words[-(1:2)])))
  cat(sprintf("%.17g", as.numeric(numbers)), "\n")
}
