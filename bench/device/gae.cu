// Generalized advantage estimation, along lanes and along packed series.
#include "copy_rate.hpp"
#include "result.hpp"

namespace device_bench {

namespace {

struct recorded_steps {
  std::ptrdiff_t M;
  array<float> reward, value, next_value, advantage, target;
  array<std::uint8_t> terminated, truncated;

  recorded_steps(device& gpu, std::ptrdiff_t M)
      : M(M),
        reward(random_array(gpu, M, 1)),
        value(random_array(gpu, M, 2)),
        next_value(random_array(gpu, M, 3)),
        advantage(filled_array(gpu, M, 0)),
        target(filled_array(gpu, M, 0)) {
    std::vector<std::uint8_t> flags(std::size_t(M), 0);
    for (std::size_t i = 0; i < flags.size(); i += 97) flags[i] = 1;
    gpu.assign(terminated, std::span<std::uint8_t const>(flags));
    std::fill(flags.begin(), flags.end(), std::uint8_t(0));
    for (std::size_t i = 0; i < flags.size(); i += 501) flags[i] = 1;
    gpu.assign(truncated, std::span<std::uint8_t const>(flags));
    gpu.synchronize();  // flags is read until here
  }

  /// The recurrence in double, along T steps from `first` on that lie `stride` apart.
  void require_series(device& gpu, std::ptrdiff_t T, std::ptrdiff_t first, std::ptrdiff_t stride,
                      cohort::gae const& how) {
    auto along = [&]<class U>(array<U>& a) {
      return downloaded(gpu, cohort::view<U const>(a.data() + first, T, 1, stride, 1));
    };
    auto r = along(reward), v = along(value), next = along(next_value), A = along(advantage), V = along(target);
    auto ended = along(terminated), cut = along(truncated);
    double after = 0;
    for (std::size_t t = std::size_t(T); t-- > 0;) {
      double delta = double(r[t]) + (ended[t] ? 0 : how.gamma * double(next[t])) - double(v[t]);
      after = delta + (ended[t] || cut[t] ? 0 : how.gamma * how.lambda * after);
      require_near("an advantage", A[t], after, 2e-5);
      require_near("a target", V[t], after + double(v[t]), 2e-5);
    }
  }
};

}  // namespace

void advantages(request const& asked) {
  using namespace cohort;
  device gpu;
  double ruler = measure_copies(gpu, asked).best();
  constexpr double bytes = 5 * 4 + 2;  // reward, two values and two flags in, advantage and target out
  gae how;
  auto measure = [&](std::string const& size, recorded_steps& s, auto const& decisions) {
    batch_view<float> batch;
    batch.series = decisions;
    batch.reward = s.reward.all(), batch.value = s.value.all(), batch.next_value = s.next_value.all();
    batch.terminated = s.terminated.all(), batch.truncated = s.truncated.all();
    double seconds = seconds_of(gpu, asked, [&] { how(gpu, batch, {s.advantage.all(), s.target.all()}); });
    print({"GAE", size, double(s.M) / seconds / 1e9, "G steps/s", double(s.M) * bytes / seconds / ruler, "copy"});
  };
  struct shape {
    std::ptrdiff_t T, N;
  };
  for (auto [T, N] :
       asked.small ? std::array{shape{20, 256}, shape{7, 512}} : std::array{shape{128, 1024}, shape{128, 131'072}}) {
    recorded_steps s(gpu, T * N);
    measure(with_commas(T) + " steps of " + with_commas(N) + " lanes", s, partition::lanes(T, N));
    for (std::ptrdiff_t n : {std::ptrdiff_t(0), N / 2, N - 1}) s.require_series(gpu, T, n, N, how);
  }
  std::ptrdiff_t T = asked.size(1000, 30), N = asked.size<std::ptrdiff_t>(1 << 14, 256);
  recorded_steps s(gpu, T * N);
  std::vector<std::int32_t> starts;
  for (std::ptrdiff_t n = 0; n <= N; ++n) starts.push_back(std::int32_t(n * T));
  array<std::int32_t> offsets;
  gpu.assign(offsets, std::span<std::int32_t const>(starts));
  measure(with_commas(N) + " packed series of " + with_commas(T) + " steps", s,
          partition::segments(std::as_const(offsets).all(), T * N, T));
  for (std::ptrdiff_t n : {std::ptrdiff_t(0), N / 2, N - 1}) s.require_series(gpu, T, n * T, 1, how);
}

}  // namespace device_bench
