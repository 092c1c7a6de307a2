#pragma once
#include <array>
#include <cohort/backend/concept.hpp>
#include <cohort/thrust/device_array.hpp>
#include <cohort/thrust/device_product.hpp>
#include <cohort/thrust/device_scan.hpp>

namespace COHORT_NAMESPACE::thrust {

struct options {
  int device = 0;
  cudaStream_t const* stream =
      nullptr;  ///< a stream of the user's, which must outlive the backend and its arrays; none: one of its own
};

/// Thrust's CUDA device system: arrays on a GPU, a formula as one fused kernel, products by cuBLAS, reductions and
/// scans by CUB.
///
/// Everything is done in the order of one stream, and only download waits for it (and upload, where the device reads
/// the host's pageable memory by itself, as on Grace). A backend is used by one thread at a time. The same seed gives
/// the same bits on the same device, except for: scatter_add, which adds to one element in any order; scans along
/// packed series by a formula that is `affine` (see device_scan.hpp). Numbers that are uploaded from page-locked memory
/// must stay there until the stream has read them.
///
/// Every failed call of CUDA or cuBLAS is a device_error; so is making a backend where there is no device.
template <class T>
class basic_backend : public fallback<basic_backend<T>, T, device_array> {
  using base = fallback<basic_backend<T>, T, device_array>;

 public:
  using scalar = typename base::scalar;

  basic_backend() : basic_backend(options{}) {}
  explicit basic_backend(options o) : queue_(detail::make_queue(o.device, o.stream)) {}
  cudaStream_t stream() const { return queue_->stream(); }
  void synchronize() { queue_->synchronize(); }

  template <class U>
  void resize(device_array<U>& a, std::ptrdiff_t n) {
    a.resize(queue_, n);
  }
  template <class U>
  void upload(view<U> to, std::type_identity_t<std::span<U const>> from) {
    if (to.contiguous()) {
      copy(to.data, from.data(), to.size(), cudaMemcpyHostToDevice);
    } else {
      auto packed = base::template temporary<std::uint8_t>(to.size() * sizeof(U));
      view<U const> staged(reinterpret_cast<U const*>(packed.all().data), to.rows, to.columns);
      copy(const_cast<U*>(staged.data), from.data(), to.size(), cudaMemcpyHostToDevice);
      copy_elements("upload", to, staged);
    }
    if (queue_->reads_pageable_memory()) synchronize();  // what is uploaded may be gone after this call
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, view<U> from) {
    using element = std::remove_const_t<U>;
    if (from.contiguous()) {
      copy(to.data(), from.data, from.size(), cudaMemcpyDeviceToHost);
    } else {
      auto packed = base::template temporary<std::uint8_t>(from.size() * sizeof(U));
      view<element> staged(reinterpret_cast<element*>(packed.all().data), from.rows, from.columns);
      copy_elements("download", staged, view<element const>(from));
      copy(to.data(), staged.data, from.size(), cudaMemcpyDeviceToHost);
    }
    synchronize();
  }

  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    detail::launch<std::ptrdiff_t>(*queue_, "for_each", n, f);
  }

  template <class... O, class F, class... I>
  void map(outputs<O...> out, F f, view<I>... in) {
    cohort::detail::unpack([&](auto... o) { base::check_map({o...}, {in...}); }, out.views);
    std::ptrdiff_t n = get<0>(out.views).size();
    if (n > detail::most_items)
      return cohort::detail::unpack(
          [&](auto... o) {
            in_halves(get<0>(out.views), [&](auto half) { map(outputs{half(o)...}, f, half(in)...); });
          },
          out.views);
    cohort::detail::unpack(
        [&](auto... o) {
          detail::with_elements(
              [&](auto way) {
                using formula = detail::formula<scalar, F, decltype(way(in))...>;
                cohort::detail::bundle targets(way(o)...);
                detail::launch(*queue_, "map", n,
                               detail::elementwise<decltype(targets), formula>{targets, {f, {way(in)...}}});
              },
              o..., in...);
        },
        out.views);
  }

  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    base::check_extents("reduce", in, {more...});
    using term = decltype(f(matrix_row<scalar, I>::load(in.data), matrix_row<scalar, More>::load(more.data)...));
    constexpr int N = sizeof(term) / sizeof(scalar);
    base::check_sums(N, out);
    if (in.size() > detail::most_items) {
      auto both = base::template temporary<T>(2 * N);
      auto sums = both.matrix(2, N);
      int k = 0;
      in_halves(in, [&](auto half) { reduce(sums.part(k++, 1).transposed(), f, half(in), half(more)...); });
      return base::column_sum(out.transposed(), sums);
    }
    auto packed = base::template temporary<T>(out.contiguous() ? 0 : N);
    T* target = out.contiguous() ? out.data : packed.all().data;
    detail::with_elements(
        [&](auto way) {
          using formula = detail::formula<scalar, F, decltype(way(in)), decltype(way(more))...>;
          detail::reduce_all<T, N>(*this, *queue_, in.size(), formula{f, {way(in), way(more)...}}, target);
        },
        in, more...);
    if (target != out.data) copy_elements("reduce", out, view<T const>(target, N));
  }

  using base::scan;
  template <class... O, class F, class... I>
  void scan(partition s, direction d, F f, double initial, outputs<O...> out, view<I>... in) {
    base::check_scan(s, out, {in...});
    if (std::max(s.steps(), s.count()) > detail::most_items) return base::scan(s, d, f, initial, out, in...);
    if (s.is_lanes()) {
      detail::lane_scan<scalar, F, decltype(out.views), detail::line<I>...> lanes{f,
                                                                                  scalar(initial),
                                                                                  out.views,
                                                                                  {detail::line_of(in)...},
                                                                                  std::int32_t(s.longest()),
                                                                                  std::int32_t(s.count()),
                                                                                  d == direction::backward};
      detail::launch(*queue_, "scan", s.count(), lanes);
    } else if constexpr (detail::affine<F>) {
      detail::scan_packed<T>(*this, *queue_, s, d, f, T(initial), out.views, in...);
    } else {
      base::scan(s, d, f, initial, out, in...);
    }
  }

  template <class F, class... I>
  void segment_reduce(partition s, view<T> out, F f, view<I>... in) {
    if (s.is_lanes() || out.row_stride != 1 || s.count() == 0 || s.steps() > detail::most_items)
      return base::segment_reduce(s, out, f, in...);
    base::check_vectors("segment_reduce", "the output", s.count(), {out});
    base::check_vectors("segment_reduce", "an input", s.steps(), {in...});
    detail::reduce_segments(*this, *queue_, s.offsets(),
                            detail::formula<scalar, F, detail::line<I>...>{f, {detail::line_of(in)...}}, out);
  }

  template <class U>
  void gather(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    base::check_gather(out, in, index);
    if (out.size() > detail::most_items)
      return in_halves(out.column(0), [&](auto half) { gather(half(out), in, half(index)); });
    detail::launch(*queue_, "gather", out.size(), detail::gathering<U>{out, in, index});
  }

  /// Adds in any order, so the last bits of a row that is added to repeatedly may differ from run to run.
  void scatter_add(view<T> out, view<T const> in, view<std::int32_t const> index) {
    base::check_scatter("scatter_add", out, in, index);
    if (in.size() > detail::most_items)
      return in_halves(in.column(0), [&](auto half) { scatter_add(out, half(in), half(index)); });
    detail::launch(*queue_, "scatter_add", in.size(), detail::scattering<T>{out, in, index});
  }

  template <class U>
  void scatter(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    base::check_scatter("scatter", out, in, index);
    if (in.size() > detail::most_items)
      return in_halves(in.column(0), [&](auto half) { scatter(out, half(in), half(index)); });
    detail::launch(*queue_, "scatter", in.size(), detail::placing<U>{out, in, index});
  }

  // Rows long enough for that are a block's each, others a thread's.
  void row_max(view<T> out, view<T const> in) {
    base::check_vectors("row_max", "the output", in.rows, {out});
    if (in.columns < detail::row_of_a_block || (in.rows == 1 && in.columns > detail::most_items))
      return base::row_max(out, in);
    if (in.size() > detail::most_items) return in_halves(in, [&](auto half) { row_max(half(out), half(in)); });
    detail::with_elements([&](auto way) { detail::max_of_rows(*this, *queue_, in.columns, way(in), out); }, in);
  }

  template <class F, class I, class... More>
  void row_sums(view<T> out, F f, view<I> in, view<More>... more) {
    this->template check_row_sums<F, I, More...>(out, in, more...);
    if (in.columns < detail::row_of_a_block || (in.rows == 1 && in.columns > detail::most_items))
      return base::row_sums(out, f, in, more...);
    if (in.size() > detail::most_items)
      return in_halves(in, [&](auto half) { row_sums(half(out), f, half(in), half(more)...); });
    using term = decltype(f(matrix_row<scalar, I>::load(in.data), matrix_row<scalar, More>::load(more.data)...));
    detail::with_elements(
        [&](auto way) {
          using formula = detail::formula<scalar, F, decltype(way(in)), decltype(way(more))...>;
          detail::sums_of_rows<T, sizeof(term) / sizeof(scalar)>(*this, *queue_, in.columns,
                                                                 formula{f, {way(in), way(more)...}}, out);
        },
        in, more...);
  }

  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    base::check_product(c, a, b);
    if (!detail::blas_product(*queue_, c, a, b, accumulate)) base::matmul(c, a, b, accumulate);
  }

  void column_sum(view<T> out, view<T const> in) {
    base::check_column_sum(out, in);
    if (ones_.size() < in.rows) {
      resize(ones_, in.rows);
      for_each(in.rows, detail::filling<T>{ones_.data(), T(1)});
    }
    if (!detail::blas_column_sum(*queue_, out, in, ones_.data())) base::column_sum(out, in);
  }

  void uniform(view<T> out, cohort::stream_id s, std::uint32_t first_lane = 0) {
    std::ptrdiff_t per_block = sizeof(T) == 4 ? 4 : 2, blocks = (out.columns + per_block - 1) / per_block;
    if (out.rows * blocks > detail::most_items) {
      std::ptrdiff_t h = out.rows / 2;
      uniform(out.part(0, h), s, first_lane);
      return uniform(out.part(h, out.rows - h), s, first_lane + std::uint32_t(h));
    }
    detail::launch(*queue_, "uniform", out.rows * blocks,
                   detail::drawing<T>{out, s, first_lane, std::uint32_t(blocks)});
  }

 private:
  void copy(void* to, void const* from, std::ptrdiff_t n, std::size_t size, cudaMemcpyKind kind) {
    if (n == 0) return;
    detail::on_device here(queue_->device());
    detail::check(cudaMemcpyAsync(to, from, std::size_t(n) * size, kind, stream()), "cudaMemcpyAsync",
                  [&] { return detail::bytes(std::size_t(n) * size); });
  }
  template <class U>
  void copy(U* to, U const* from, std::ptrdiff_t n, cudaMemcpyKind kind) {
    copy(to, from, n, sizeof(U), kind);
  }
  /// run(half) twice: half(view) is the lower, then the upper half of the rows of a view with as many as `shape` has;
  /// of the columns where there is but one row.
  template <class U, class Run>
  static void in_halves(view<U> shape, Run run) {
    bool lying = shape.rows == 1;
    std::ptrdiff_t n = lying ? shape.columns : shape.rows;
    for (auto [first, count] : std::array{std::pair(std::ptrdiff_t(0), n / 2), std::pair(n / 2, n - n / 2)})
      run([=](auto v) { return lying ? v.transposed().part(first, count).transposed() : v.part(first, count); });
  }
  template <class U>
  void copy_elements(char const* what, view<U> to, view<U const> from) {
    if (to.size() > detail::most_items)
      return in_halves(to, [&](auto half) { copy_elements(what, half(to), half(from)); });
    detail::with_elements(
        [&](auto way) {
          detail::launch(*queue_, what, to.size(),
                         detail::copying<decltype(way(to)), decltype(way(from))>{way(to), way(from)});
        },
        to, from);
  }

  std::shared_ptr<detail::queue> queue_;
  device_array<T> ones_;
};

using backend = basic_backend<float>;

}  // namespace COHORT_NAMESPACE::thrust
