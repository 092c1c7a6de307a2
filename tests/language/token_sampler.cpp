#include <cohort/backend/eigen.hpp>
#include <iterator>

#include <cohort/language/sampler/logit_edits.hpp>
#include "../support/archetype.hpp"
#include "../support/golden.hpp"
#include "../support/refusal.hpp"
#include "draws.hpp"

using namespace cohort;

TEMPLATE_TEST_CASE("token_sampler: what is kept, and its log-probabilities, are transformers' processors'", "[golden]",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  auto const recorded = golden::read("sampler/transformers.txt");
  for (int n = 0; n < 33; ++n) {
    auto of = [&](char const* what) { return golden::row(recorded, what + std::string("_") + std::to_string(n)); };
    auto o = of("options"), logits = of("logits"), want = of("logp");
    token_sampler sampler{o[1], int(o[2]), o[3], o[4], o[5], o[0]};
    std::vector<std::int32_t> before;
    for (double v : of("before"))
      if (std::find(before.begin(), before.end(), int(v)) == before.end()) before.push_back(int(v));
    host_array<double> row{};
    host_array<std::int32_t> seen{};
    backend.assign(row, std::span<double const>(logits));
    backend.assign(seen, std::span<std::int32_t const>(before));
    auto V = std::ptrdiff_t(logits.size());
    if (o[0] != 1)
      penalize_repetition(backend, o[0], row.matrix(1, V),
                          view<std::int32_t const>(seen.matrix(1, std::ptrdiff_t(before.size()))));
    logits.assign(row.data(), row.data() + V);
    CAPTURE(n);
    std::vector<std::int32_t> kept;
    for (int v = 0; v < V; ++v)
      if (std::isfinite(want[std::size_t(v)])) kept.push_back(v);
    for (auto const& d : draw(backend, sampler, logits, 20)) {
      REQUIRE(d.kept == kept);
      REQUIRE(std::abs(d.sampler_logp - want[std::size_t(d.token)]) < 1e-10);
    }
  }
}

TEMPLATE_TEST_CASE(
    "token_sampler: the kept set is that of the sorted definition, for peaked and flat logits, short and long rows", "",
    archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  std::uint32_t seed = 0;
  for (std::size_t V : {1u, 7u, 333u, 5000u, 20'011u})
    for (double scale : {.01, 1., 8., 60.})
      for (auto const& sampler : some_samplers) {
        auto logits = normals(V, scale, ++seed);
        if (V > 7) logits[3] = -std::numeric_limits<double>::infinity();
        double largest = *std::max_element(logits.begin(), logits.end()), total = 0, kept = 0;
        std::vector<double> weights;
        for (double l : logits) weights.push_back(std::exp((l - largest) / sampler.scale())), total += weights.back();
        auto want = by_sorting(weights, sampler);
        for (auto v : want) kept += weights[std::size_t(v)];
        auto d = draw(backend, sampler, logits)[0];
        CAPTURE(V, scale, sampler.top_k, sampler.top_p, sampler.min_p, sampler.typical_p);
        REQUIRE(d.kept == want);
        REQUIRE(std::binary_search(want.begin(), want.end(), d.token));
        REQUIRE(std::abs(d.logp - std::log(weights[std::size_t(d.token)] / total)) < 1e-11);
        REQUIRE(std::abs(d.sampler_logp - std::log(weights[std::size_t(d.token)] / kept)) < 1e-11);
        // The way that computes few exponentials.
        auto short_way = draw(backend, sampler, logits, 1, {}, false)[0];
        REQUIRE(short_way.kept == want);
        REQUIRE(short_way.token == d.token);
        REQUIRE(std::abs(short_way.sampler_logp - d.sampler_logp) < 1e-11);
      }
}

TEST_CASE(
    "token_sampler: the kept set is that of the sorted definition wherever the large logits lie, so that samples of "
    "the row mislead") {
  eigen::basic_backend<double> cpu;
  constexpr std::size_t V = 20'011;
  double infinity = std::numeric_limits<double>::infinity();
  auto lie = [&](int how, std::vector<double> l) {
    auto larger = [](double a, double b) { return a > b; };
    if (how == 0) std::sort(l.begin(), l.end());
    if (how == 1) std::sort(l.begin(), l.end(), larger);
    if (how == 2)
      std::nth_element(l.begin(), l.begin() + 300, l.end(), larger), std::rotate(l.begin(), l.end() - 7000, l.end());
    for (std::size_t v = 0; v < V; ++v) {
      if (how == 3 && v / 16 % 8 == 0) l[v] -= 20;  // in all of what samples look at, and a little more
      if (how == 4 && v / 16 % 8 == 0) l[v] = -infinity;
      if (how == 5 && v / 16 % 8 == 0) l[v] += 20;
      if (how == 6 && v % 512 < 480) l[v] = -infinity;
      if (how == 7) l[v] = v == 12'345 ? 3 : v % 2;  // three levels
    }
    return l;
  };
  std::uint32_t seed = 1000;
  for (int how = 0; how < 8; ++how)
    for (double scale : {1., 4., 9.})
      for (auto const& sampler : some_samplers) {
        auto logits = lie(how, normals(V, scale, ++seed));
        double largest = *std::max_element(logits.begin(), logits.end());
        std::vector<double> weights;
        for (double l : logits) weights.push_back(std::exp((l - largest) / sampler.scale()));
        auto want = by_sorting(weights, sampler);
        CAPTURE(how, scale, sampler.top_k, sampler.top_p, sampler.min_p, sampler.typical_p);
        for (bool whole_softmax : {false, true})
          REQUIRE(draw(cpu, sampler, logits, 1, {}, whole_softmax)[0].kept == want);
      }
}

TEST_CASE("token_sampler: the Eigen backend's loops give what the plain ones give, in float") {
  archetype<float> plain;
  eigen::basic_backend<float> cpu;
  std::uint32_t seed = 100;
  for (std::size_t V : {5u, 1030u, 49'152u})
    for (double scale : {1., 8.})
      for (auto const& sampler : some_samplers) {
        auto numbers = normals(V, scale, ++seed);
        std::vector<float> logits(numbers.begin(), numbers.end());
        bool whole = seed % 2 == 0;
        auto a = draw(plain, sampler, logits, 3, {}, true), b = draw(cpu, sampler, logits, 3, {}, whole);
        CAPTURE(whole, V, scale, sampler.top_k, sampler.top_p, sampler.min_p, sampler.typical_p);
        for (int i = 0; i < 3; ++i) {
          REQUIRE(a[std::size_t(i)].token == b[std::size_t(i)].token);
          if (whole)
            REQUIRE(std::abs(a[std::size_t(i)].logp - b[std::size_t(i)].logp) < 4e-6);  // weights differ by 2 ulps
          REQUIRE(std::abs(a[std::size_t(i)].sampler_logp - b[std::size_t(i)].sampler_logp) < 4e-6);
          std::vector<std::int32_t> apart;
          std::set_symmetric_difference(a[0].kept.begin(), a[0].kept.end(), b[0].kept.begin(), b[0].kept.end(),
                                        std::back_inserter(apart));
          REQUIRE(apart.size() <= 1 + V / 10'000);  // a share that is reached within rounding
        }
      }
}

TEMPLATE_TEST_CASE("token_sampler: equal logits at a cut are all kept", "", archetype<float>,
                   eigen::basic_backend<float>) {
  TestType backend;
  std::vector<float> logits{2, 1, 3, 1, 0, 1};
  CHECK(draw(backend, {.top_k = 3}, logits)[0].kept == std::vector<std::int32_t>{0, 1, 2, 3, 5});
  CHECK(draw(backend, {.top_p = .9}, logits)[0].kept == std::vector<std::int32_t>{0, 1, 2, 3, 5});
  std::vector<float> level(3000, .5f);  // more than fit into the room
  for (token_sampler s : {token_sampler{.top_k = 3}, {.top_p = .1}, {.min_p = 1}, {.typical_p = .1}})
    CHECK(draw(backend, s, level)[0].kept.size() == 3000);
}

TEST_CASE("token_sampler: typical_p leaves out the likeliest token where that surprises too little") {
  eigen::basic_backend<double> cpu;
  // Entropy 1.5 ln 2; -log p is ln 2 for the first, 2 ln 2 for the others: equally far away. Of .6, .2, .1, .1 the
  // entropy is 1.089, nearest to it .2 (1.609).
  auto logs = [](std::vector<double> p) {
    for (double& x : p) x = std::log(x);
    return p;
  };
  CHECK(draw(cpu, {.typical_p = .1}, logs({.6, .2, .1, .1}))[0].kept == std::vector<std::int32_t>{1});
  CHECK(draw(cpu, {.typical_p = .5}, logs({.6, .2, .1, .1}))[0].kept == std::vector<std::int32_t>{0, 1});
  CHECK(draw(cpu, {.typical_p = .9}, logs({.6, .2, .1, .1}))[0].kept == std::vector<std::int32_t>{0, 1, 2, 3});
}

TEMPLATE_TEST_CASE("token_sampler: tokens come as often as their probabilities say, under each filter", "",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  auto logits = normals(12, 1, 9);
  constexpr int N = 20'000;
  for (token_sampler const& s :
       {token_sampler{.temperature = 1.5}, {.top_k = 4}, {.top_p = .8}, {.min_p = .2}, {.typical_p = .7}}) {
    auto all = draw(backend, s, logits, N);
    for (auto v : all[0].kept) {
      double count = 0, p = 0;
      for (auto const& d : all)
        if (d.token == v) ++count, p = std::exp(d.sampler_logp);
      CHECK(std::abs(count - N * p) < 4 * std::sqrt(N * p * (1 - p)));
    }
  }
}

TEMPLATE_TEST_CASE("token_sampler: each row may have its own temperature, 0 among them", "", archetype<double>,
                   eigen::basic_backend<double>) {
  TestType backend;
  auto logits = normals(40, 2, 3);
  std::vector<double> temperatures{.5, 0, 1, 2};
  auto together = draw(backend, {.top_p = .9}, logits, 4, temperatures);
  for (std::size_t r = 0; r < 4; ++r) {
    auto alone = draw(backend, {.temperature = temperatures[r], .top_p = .9}, logits, 4)[r];
    CHECK(together[r].token == alone.token);
    CHECK(together[r].kept == alone.kept);
    CHECK(together[r].logp == alone.logp);
    CHECK(together[r].sampler_logp == alone.sampler_logp);
  }
  CHECK(together[1].token == std::max_element(logits.begin(), logits.end()) - logits.begin());
}

TEMPLATE_TEST_CASE("token_sampler: logits that cannot be drawn from give no token but say why", "", archetype<float>,
                   eigen::basic_backend<float>) {
  TestType backend;
  float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  for (token_sampler s :
       {token_sampler{}, {.temperature = 0}, {.top_k = 2}, {.top_p = .5}, {.min_p = .1}, {.typical_p = .5}}) {
    auto code = [&](std::vector<float> logits) {
      auto d = draw(backend, s, logits)[0];
      CHECK(std::isnan(d.logp) == (d.token < 0));
      CHECK(std::isnan(d.sampler_logp) == (d.token < 0));
      CHECK(d.kept.empty() == (d.token < 0));
      return d.token;
    };
    CHECK(code({1, nan, 2, infinity}) == logits_with_nan);
    CHECK(code({1, infinity, 2, 0}) == logits_with_infinity);
    CHECK(code({-infinity, -infinity}) == logits_without_finite);
    CHECK(code({-infinity, 3, -infinity}) == 1);
    CHECK(code({-3e38f, 3e38f, -infinity}) == 1);  // their difference is infinite
    for (std::size_t there : {0u, 70u, 1000u, 4999u}) {
      auto with = [&](float all, float here) {
        std::vector<float> logits(5000, all);
        logits[there] = here;
        return code(logits);
      };
      CHECK(with(1, nan) == logits_with_nan);
      CHECK(with(-infinity, nan) == logits_with_nan);
      CHECK(with(1, infinity) == logits_with_infinity);
      CHECK(with(-infinity, infinity) == logits_with_infinity);
      CHECK(with(-infinity, -infinity) == logits_without_finite);
      CHECK(with(-infinity, -3) == std::int32_t(there));
      CHECK(with(-3e38f, 3e38f) == std::int32_t(there));
      CHECK(with(-infinity, std::numeric_limits<float>::lowest()) == std::int32_t(there));
    }
  }
}

TEST_CASE("token_sampler: parameters out of range are named") {
  auto message = [](token_sampler const& s) { return support::message_of([&] { s.check(); }); };
  double nan = std::nan("");
  for (double t : {-1., 9e-7, 1e-40, nan})
    CHECK(message({.temperature = t}) == "token_sampler: temperature is " + detail::text(t) +
                                             ", expected 0 (the most probable token) or a number from 1e-6 up");
  CHECK(message({.top_k = -1}) == "token_sampler: top_k is -1, expected 0 (all) or a positive number");
  for (double p : {0., 1.5, nan}) {
    CHECK(message({.top_p = p}) == "token_sampler: top_p is " + detail::text(p) + ", expected a number in (0, 1]");
    CHECK(message({.typical_p = p}) ==
          "token_sampler: typical_p is " + detail::text(p) + ", expected a number in (0, 1]");
  }
  for (double p : {-.1, 1.5, nan})
    CHECK(message({.min_p = p}) == "token_sampler: min_p is " + detail::text(p) + ", expected a number in [0, 1]");
  for (double p : {0., -1., nan})
    CHECK(message({.repetition_penalty = p}) ==
          "token_sampler: repetition_penalty is " + detail::text(p) + ", expected a positive number");
  CHECK(message({}).empty());
}

TEMPLATE_TEST_CASE("forbid_tokens: forbidden logits count nowhere, whatever they are; one mask may serve all rows", "",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  std::vector<double> const numbers{1, nan, 2, 4, infinity, 3};
  std::vector<std::uint8_t> const mask{1, 0, 1, 1, 0, 1};
  host_array<double> logits;
  host_array<std::uint8_t> allowed;
  backend.assign(logits, std::span<double const>(numbers));
  backend.assign(allowed, std::span<std::uint8_t const>(mask));
  forbid_tokens(backend, logits.matrix(2, 3), view<std::uint8_t const>(allowed.matrix(2, 3)));
  CHECK(std::vector<double>(logits.data(), logits.data() + 6) == std::vector<double>{1, -infinity, 2, 4, -infinity, 3});
  forbid_tokens(backend, logits.matrix(2, 3), view<std::uint8_t const>(allowed.data(), 2, 3, 0, 1));
  CHECK(std::vector<double>(logits.data(), logits.data() + 6) == std::vector<double>{1, -infinity, 2, 4, -infinity, 3});
}

TEST_CASE("token_support: a list where that is shorter than a bit for each token; both give back what was put in") {
  token_support kept(100);  // four words
  std::vector<std::vector<std::int32_t>> const sets{{7}, {0, 31, 32}, {1, 2, 3, 99}, {}, {64, 65, 66, 67, 68, 99}};
  for (auto const& s : sets) kept.add(s);
  REQUIRE(kept.steps() == sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CHECK(kept.tokens(i) == sets[i]);
    for (std::int32_t v = 0; v < 100; ++v)
      CHECK(kept.kept(i, v) == (std::find(sets[i].begin(), sets[i].end(), v) != sets[i].end()));
  }
  CHECK(kept.bytes() == (1 + 3 + 4 + 0 + 4) * 4 + 5 * sizeof(std::size_t));
  std::vector<std::int32_t> const wrong{3, 100};
  CHECK_THROWS_WITH(kept.add(wrong), "token_support: token 100 was kept, expected one of the vocabulary's 100");
}
