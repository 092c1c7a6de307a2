#pragma once
#include <cohort/policy/curvature.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// What every distribution whose parameters are all the network's is tested for, on the double backend.
namespace distributions {

using namespace cohort;
using namespace arrays;

template <class D>
using actions = std::vector<typename D::action>;

inline numbers fisher_along(auto const& d, numbers const& p, numbers v) {
  cpu backend;
  std::ptrdiff_t R = std::ptrdiff_t(p.size()) / d.parameters();
  curvature(backend, d, matrix(p, R), {}, 1, matrix(v, R));
  return v;
}

/// Rows of parameters x their actions, all G of them.
template <class D>
struct rows {
  D d;
  numbers p;
  actions<D> a;
  int G = 1;
  std::ptrdiff_t R() const { return std::ptrdiff_t(p.size()) / d.parameters(); }

  struct evaluation {
    numbers logp, entropy;
  };
  evaluation evaluate() const {
    cpu backend;
    evaluation e{numbers(R() * G), numbers(R() * G)};
    d.evaluate(backend, matrix(p, R()), {}, matrix(a, R()), G, matrix(e.logp, R()), matrix(e.entropy, R()));
    return e;
  }
  numbers backward(numbers const& dlogp, numbers const& dentropy) const {
    cpu backend;
    numbers dp(p.size());
    d.backward(backend, matrix(p, R()), {}, matrix(a, R()), G, matrix(dlogp, R()), matrix(dentropy, R()),
               matrix(dp, R()), {});
    return dp;
  }
  numbers sample(std::uint32_t step) {
    cpu backend;
    numbers logp(R() * G);
    a.resize(R() * G * d.action_width());
    d.sample(backend, stream_id{1, draw_purpose::action, step}, matrix(std::as_const(p), R()), {}, G, matrix(a, R()),
             matrix(logp, R()));
    return logp;
  }
  actions<D> mode() const {
    cpu backend;
    actions<D> m(R() * d.action_width());
    d.mode(backend, matrix(p, R()), {}, matrix(m, R()));
    return m;
  }
  /// KL and its slopes.
  std::pair<numbers, numbers> kl(numbers const& other, divergence_over over) const {
    cpu backend;
    numbers kl(R()), slope(p.size());
    kl_to(backend, d, matrix(p, R()), {}, matrix(other, R()), over, all(kl), matrix(slope, R()));
    return {kl, slope};
  }
};

/// Actions as they lie in a batch: of a bounded distribution the numbers on the whole line stand behind those that
/// nobody may read here.
template <class D>
actions<D> stored(D const& d, numbers const& given, std::ptrdiff_t samples) {
  std::ptrdiff_t width = std::ptrdiff_t(given.size()) / samples;
  if (d.action_width() == width) return cast<typename D::action>(given);
  actions<D> a;
  for (std::ptrdiff_t i = 0; i < samples; ++i) {
    a.insert(a.end(), width, typename D::action(NAN));
    a.insert(a.end(), given.begin() + i * width, given.begin() + (i + 1) * width);
  }
  return a;
}

inline void require_close(numbers const& found, numbers const& expected, double relative, double absolute) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i, found[i], expected[i]);
    REQUIRE(close(found[i], expected[i], relative, absolute));
  }
}

template <class D>
rows<D> recorded_rows(D const& d, golden::table const& t) {
  auto p = golden::row(t, "parameters");
  return {d, p, stored(d, golden::row(t, "action"), std::ptrdiff_t(p.size()) / d.parameters())};
}
/// logp, entropy, their gradient and, where they are recorded, SciPy's and the divergences.
template <class D>
void require_recorded(D const& d, std::string const& file) {
  auto t = golden::read("distribution/" + file);
  auto r = recorded_rows(d, t);
  auto [logp, entropy] = r.evaluate();
  require_close(logp, golden::row(t, "logp"), 1e-10, 1e-10);
  require_close(entropy, golden::row(t, "entropy"), 1e-10, 1e-10);
  if (t.count("scipy_logp")) require_close(logp, golden::row(t, "scipy_logp"), 1e-10, 1e-10);
  if (t.count("scipy_entropy")) require_close(entropy, golden::row(t, "scipy_entropy"), 1e-10, 1e-10);
  require_close(r.backward(golden::row(t, "weight_logp"), golden::row(t, "weight_entropy")), golden::row(t, "gradient"),
                1e-10, 1e-10);
  if (!t.count("other")) return;
  auto const& other = golden::row(t, "other");
  auto [kl, slope] = r.kl(other, divergence_over::pi);
  require_close(kl, golden::row(t, "kl"), 1e-10, 1e-10);
  require_close(slope, golden::row(t, "kl_slope"), 1e-10, 1e-10);
  auto [kl_from, slope_from] = r.kl(other, divergence_over::other);
  require_close(kl_from, golden::row(t, "kl_from"), 1e-10, 1e-10);
  require_close(slope_from, golden::row(t, "kl_from_slope"), 1e-10, 1e-10);
}

/// The gradient of a weighted sum of logp and entropy (of logp alone where the entropy's derivative is not that of its
/// value).
template <class D>
void require_gradient(D const& d, int G, double spread = 1.5, bool with_entropy = true) {
  rows<D> r{d, uniform(7 * d.parameters(), 3, -spread, spread), {}, G};
  r.sample(1);
  numbers dlogp = uniform(7 * G, 4), dentropy = uniform(7 * G, 5);
  if (!with_entropy) dentropy.assign(7 * G, 0);
  auto found = r.backward(dlogp, dentropy);
  for (std::size_t k = 0; k < r.p.size(); ++k) {
    double x = r.p[k], expected = slope(
                           [&](double y) {
                             r.p[k] = y;
                             auto [logp, entropy] = r.evaluate();
                             double loss = 0;
                             for (int i = 0; i < 7 * G; ++i) loss += dlogp[i] * logp[i] + dentropy[i] * entropy[i];
                             return loss;
                           },
                           x);
    r.p[k] = x;
    CAPTURE(k, found[k], expected);
    REQUIRE(close(found[k], expected, 1e-9, 1e-9));
  }
}

/// KL's slopes are its differences, either way; H v is the difference of KL(old || pi)'s slope where pi is the old one.
template <class D>
void require_divergence(D const& d) {
  int P = d.parameters();
  rows<D> r{d, uniform(5 * P, 6, -1.5, 1.5), {}};
  numbers other = uniform(5 * P, 7, -1.5, 1.5), v = uniform(5 * P, 8), old = r.p;
  for (auto over : {divergence_over::pi, divergence_over::other}) {
    REQUIRE(r.kl(other, over).first != numbers(5, 0));
    require_close(r.kl(r.p, over).first, numbers(5, 0), 0, 1e-14);
    auto found = r.kl(other, over).second;
    for (int k = 0; k < 5 * P; ++k) {
      double x = r.p[k], expected = slope([&](double y) { return r.p[k] = y, r.kl(other, over).first[k / P]; }, x);
      r.p[k] = x;
      REQUIRE(close(found[k], expected, 1e-9, 1e-10));
    }
  }
  auto product = fisher_along(d, old, v);
  for (int k = 0; k < 5 * P; ++k) {
    double expected = slope(
        [&](double t) {
          for (int j = 0; j < 5 * P; ++j) r.p[j] = old[j] + t * v[j];
          return r.kl(old, divergence_over::other).second[k];
        },
        0);
    REQUIRE(close(product[k], expected, 1e-9, 1e-10));
  }
}

template <class D>
void require_samples(D const& d) {
  int P = d.parameters(), W = d.action_width(), G = 3;
  rows<D> whole{d, uniform(37 * P, 9, -1.5, 1.5), {}, G};
  auto logp = whole.sample(1);
  REQUIRE(logp == whole.evaluate().logp);
  for (int n : {1, 2, 3, 4, 5, 16, 36}) {
    rows<D> part{d, numbers(whole.p.begin(), whole.p.begin() + n * P), {}, G};
    auto found = part.sample(1);
    for (int i = 0; i < n * G * W; ++i) REQUIRE(part.a[i] == whole.a[i]);
    for (int i = 0; i < n * G; ++i) REQUIRE(close(found[i], logp[i], 1e-14, 1e-14));
  }
  auto next = whole;
  next.sample(2);
  REQUIRE(next.a != whole.a);
}

/// Kolmogorov and Smirnov's distance of numbers from their distribution, which a millionth of all sets of numbers
/// exceeds. F takes them in order.
template <class F>
void require_distribution(numbers x, F distribution) {
  std::sort(x.begin(), x.end());
  double n = double(x.size()), furthest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double f = distribution(x[i]);
    furthest = std::max({furthest, f - double(i) / n, double(i + 1) / n - f});
  }
  CAPTURE(furthest);
  REQUIRE(furthest < std::sqrt(-std::log(5e-7) / (2 * n)));
}
/// Pearson's chi-square of counts, which a millionth of all exceeds (Wilson and Hilferty).
inline void require_counts(numbers const& count, numbers const& probability) {
  double n = 0, chi = 0;
  int k = -1;
  for (double c : count) n += c;
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (probability[i] == 0) {
      REQUIRE(count[i] == 0);
      continue;
    }
    ++k;
    chi += (count[i] - n * probability[i]) * (count[i] - n * probability[i]) / (n * probability[i]);
  }
  double limit = k * std::pow(1 - 2. / (9 * k) + 4.7534 * std::sqrt(2. / (9 * k)), 3);
  CAPTURE(chi, limit);
  REQUIRE(chi < limit);
}
inline void require_uncorrelated(numbers const& x, numbers const& y) {
  double n = double(x.size()), mx = 0, my = 0, xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mx += x[i] / n, my += y[i] / n;
  for (std::size_t i = 0; i < x.size(); ++i)
    xy += (x[i] - mx) * (y[i] - my), xx += (x[i] - mx) * (x[i] - mx), yy += (y[i] - my) * (y[i] - my);
  REQUIRE(std::abs(xy / std::sqrt(xx * yy)) < 5 / std::sqrt(n));
}
/// `count` rows of the same parameters.
inline numbers repeated(numbers const& row, int count) {
  numbers all;
  for (int i = 0; i < count; ++i) all.insert(all.end(), row.begin(), row.end());
  return all;
}
inline numbers column(auto const& all, int first, int step) {
  numbers c;
  for (std::size_t i = std::size_t(first); i < all.size(); i += std::size_t(step)) c.push_back(double(all[i]));
  return c;
}

/// In float what double gives, to a few roundings of float.
template <template <class> class On>
void require_float(std::uint32_t which, double relative, double absolute) {
  using F = On<float>;
  using E = On<double>;
  F d = F();
  int P = d.parameters(), R = 21;
  rows<E> exact{E(), uniform(R * P, which, -1.5, 1.5), {}};
  for (double& x : exact.p) x = double(float(x));
  exact.sample(1);
  for (auto& x : exact.a) x = typename E::action(float(x));
  auto p = cast<float>(exact.p);
  auto a = cast<typename F::action>(exact.a);
  std::vector<float> logp(R), entropy(R), dp(R * P), one(R, 1.f);
  eigen::backend backend;
  d.evaluate(backend, matrix(std::as_const(p), R), {}, matrix(std::as_const(a), R), 1, matrix(logp, R),
             matrix(entropy, R));
  d.backward(backend, matrix(std::as_const(p), R), {}, matrix(std::as_const(a), R), 1, matrix(std::as_const(one), R),
             matrix(std::as_const(one), R), matrix(dp, R), {});
  auto [want, h] = exact.evaluate();
  require_close(cast<double>(logp), want, relative, absolute);
  require_close(cast<double>(entropy), h, relative, absolute);
  require_close(cast<double>(dp), exact.backward(numbers(R, 1), numbers(R, 1)), relative, absolute);
}

}  // namespace distributions
