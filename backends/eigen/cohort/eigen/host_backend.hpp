#pragma once
#include <cohort/eigen/attention.hpp>
#include <cohort/eigen/host_series.hpp>
#include <cohort/eigen/row_loops.hpp>
#include <cohort/eigen/stored_product.hpp>

namespace COHORT_NAMESPACE::eigen {

/// The primitives on a processor: arrays in host memory, formulas in SIMD packs, products by a kernel for small
/// matrices and by Eigen for large ones.
///
/// An executor runs its loops: what is computed never depends on how they are cut, so the bits do not either.
template <class T>
class host_backend : public host_series<host_backend<T>, T> {
  using base = fallback<host_backend<T>, T, host_array>;
  using series = host_series<host_backend<T>, T>;
  using series::run_over_;

 public:
  using wide = pack<T>;
  using row_loops = eigen::row_loops;  ///< of draws of tokens
  using series::threads;

  explicit host_backend(executor e) : series(e) {}

  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    base::check_product(c, a, b);
    // A narrow result is computed lying down: its few columns would leave most of a vector empty.
    if (c.columns < wide::width && c.rows > c.columns && a.row_stride == 1 && a.column_stride != 1 && !accumulate) {
      auto lying = this->template temporary<T>(c.size());
      auto transposed = lying.matrix(c.columns, c.rows);
      product(transposed, b.transposed(), a.transposed(), product_ends<T>{});
      for (std::ptrdiff_t m = 0; m < c.rows; ++m)
        for (std::ptrdiff_t n = 0; n < c.columns; ++n) c(m, n) = transposed(n, m);
      return;
    }
    if (c.column_stride != 1) {
      if (c.row_stride == 1) return matmul(c.transposed(), b.transposed(), a.transposed(), accumulate);
      return base::matmul(c, a, b, accumulate);
    }
    product(c, a, b, product_ends<T>{.accumulate = accumulate});
  }

  using typename base::factor;
  factor prepare(host_array<T>& room, view<T const> b) {
    room.resize((b.columns + panel_columns<T> - 1) / panel_columns<T> * panel_columns<T> * b.rows);
    prepare_panels(run_over_, b, room.data());
    return {b, room.data()};
  }
  void matmul_prepared(view<T> c, view<T const> a, factor const& b, bool accumulate = false) {
    base::check_product(c, a, b.matrix);
    if (!b.prepared || c.column_stride != 1 || a.columns == 0) return matmul(c, a, b.matrix, accumulate);
    auto room = this->template temporary<T>(large_product_room(c, a, threads()));
    large_product(run_over_, c, a, b.matrix, b.prepared, room.all().data, product_ends<T>{.accumulate = accumulate});
  }

  /// c (+)= a W^T, with weights that stay as they lie in a file, in one matrix or several that follow one another.
  void matmul_prepared(view<T> c, view<T const> a, stored_matrix const& w, bool accumulate = false) {
    matmul_prepared(c, a, std::span(&w, 1), accumulate);
  }
  void matmul_prepared(view<T> c, view<T const> a, std::span<stored_matrix const> all, bool accumulate = false) {
    std::ptrdiff_t outputs_of_all = 0;
    for (auto const& w : all) {
      outputs_of_all += w.rows;
      base::check_product(view<T>{c.data, c.rows, w.rows}, a, {w.columns, w.rows});
      detail::check_stored("matmul", w);
    }
    base::check_product(c, a, {a.columns, outputs_of_all});
    if (a.columns == 0 && !accumulate) this->map(outputs{c}, detail::filled{0}, view<T const>(c));
    if (a.columns == 0) return;
    if constexpr (sizeof(T) == sizeof(float)) {
      if (a.column_stride != 1) {
        auto room = this->template temporary<T>(a.size());
        return matmul_prepared(c, copied(room.matrix(a.rows, a.columns), a), all, accumulate);
      }
      for (std::ptrdiff_t first = 0; !all.empty();) {
        auto const other = [&](stored_matrix const& w) {
          return stored_product::in_pairs(w) != stored_product::in_pairs(all[0]);
        };
        auto const end = std::find_if(all.begin(), all.end(), other);
        auto const some = all.first(std::min(std::size_t(end - all.begin()), stored_product::most_matrices));
        stored_product const product(c.columns_part(first, c.columns - first), a, some, accumulate);
        auto room = this->template temporary<T>(product.room(threads()));
        product(run_over_, room.all().data);
        for (auto const& w : some) first += w.rows;
        all = all.subspan(some.size());
      }
    } else {
      for (std::ptrdiff_t first = 0; auto const& w : all) {
        multiply_widened(c.columns_part(first, w.rows), a, w, accumulate);
        first += w.rows;
      }
    }
  }

  /// c (+)= a W, with all rows of such matrices as one right factor: the gradient of what they were multiplied by.
  void matmul(view<T> c, view<T const> a, std::span<stored_matrix const> all, bool accumulate = false) {
    std::ptrdiff_t rows = 0;
    for (auto const& w : all) {
      rows += w.rows;
      detail::check_stored("matmul", w);
      base::check_product(c, view<T const>{a.data, a.rows, w.rows}, {w.rows, w.columns});
    }
    base::check_product(c, a, {rows, c.columns});
    if (rows == 0 && !accumulate) this->map(outputs{c}, detail::filled{0}, view<T const>(c));
    for (std::ptrdiff_t first = 0; auto const& w : all) {
      each_widened(w, 512, [&](std::ptrdiff_t n, view<T const> some) {
        matmul(c, a.columns_part(first + n, some.rows), some, accumulate || first + n > 0);
      });
      first += w.rows;
    }
  }

  using series::gather;
  /// Rows of stored weights, as an embedding looks them up.
  void gather(view<T> out, stored_matrix const& in, view<std::int32_t const> index) {
    detail::require_same_extents("gather", "the output", out, {index.rows, in.columns});
    detail::check_stored("gather", in);
    widen(in, out, [&](std::ptrdiff_t r) { return index[r]; });
  }

  /// out = activation(x weight + bias): one pass, the activation on the sums while they are in registers.
  template <class Activation>
  void dense(view<T> out, view<T const> x, view<T const> weight, view<T const> bias, Activation activation) {
    if (out.column_stride != 1 || bias.column_stride != 1) return base::dense(out, x, weight, bias, activation);
    base::check_product(out, x, weight);
    base::check_bias(out, bias);
    product(out, x, weight, product_ends<T>{.bias = bias.data, .epilogue = product_epilogue<T>::of(activation)});
  }

  void attention(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, view<T const> k,
                 view<T const> v) {
    base::check_attention(layout, out, log_total, q, k, v);
    attend(layout, out, log_total, q, k, v);
  }
  /// To keys and values in 16 bits.
  void attention(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, half_matrix k,
                 half_matrix v)
    requires(sizeof(T) == sizeof(float))
  {
    auto const extents = [](half_matrix const& m) { return view<T const>(nullptr, m.rows, m.columns); };
    base::check_attention(layout, out, log_total, q, extents(k), extents(v));
    if (k.type != v.type)
      throw value_error("attention: the keys are " + std::string(facts_of(k.type).name) + " and the values " +
                        std::string(facts_of(v.type).name) + ", expected one type");
    with_halves(k.type, [&]<class K>(K) {
      attend(layout, out, log_total, q, view<K const>(rows_of_halves<K>(k)), view<K const>(rows_of_halves<K>(v)));
    });
  }

  using series::scatter;
  /// to[index[r]] = in[r], rounded to 16 bits; no index twice.
  void scatter(half_matrix to, view<T const> in, view<std::int32_t const> index)
    requires(sizeof(T) == sizeof(float))
  {
    detail::require_same_extents("scatter", "the input", in, {index.rows, to.columns});
    if (in.column_stride != 1) {
      auto room = this->template temporary<T>(in.size());
      return scatter(to, copied(room.matrix(in.rows, in.columns), in), index);
    }
    with_halves(to.type, [&]<class K>(K) {
      for (std::ptrdiff_t r = 0; r < in.rows; ++r)
        narrow(in.data + r * in.row_stride, in.columns, &rows_of_halves<K>(to)(index[r], 0));
    });
  }

  void attention_backward(attention_layout const& layout, view<T> dq, view<T> dk, view<T> dv, view<T const> dout,
                          view<T const> q, view<T const> k, view<T const> v, view<T const> out,
                          view<T const> log_total) {
    base::check_attention_backward(layout, dq, dk, dv, dout, q, k, v, out, log_total);
    queried_.clear();
    for (std::size_t s = 0; s < layout.host.size(); ++s)
      if (layout.host[s].prefix < 0) queried_.push_back(std::int32_t(s));
    // A family is one worker's: the keys of a prefix get gradients from all of its children, in their order.
    with_attention_rooms(layout, queried_, 2, [&](T* memory, std::ptrdiff_t keys, std::int32_t root, int g) {
      auto const& s = layout.host[std::size_t(root)];
      for (std::int32_t n = -1; n < s.children; ++n) {
        attention_of_segment<T> segment(layout, n < 0 ? root : s.first_child + n);
        attention_room<T> room(memory, keys, layout.size);
        T* gradients = memory + attention_room<T>::size(keys, layout.size);
        segment.backward(room, g, dq, dk, dv, dout, q, k, v, out, log_total, gradients,
                         gradients + room.wide * room.head);
      }
    });
  }

 private:
  template <class K>
  void attend(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, view<K const> k,
              view<K const> v) {
    queried_.clear();
    for (std::size_t s = 0; s < layout.host.size(); ++s)
      if (layout.host[s].queries > 0) queried_.push_back(std::int32_t(s));
    with_attention_rooms(layout, queried_, 0, [&](T* memory, std::ptrdiff_t keys, std::int32_t s, int g) {
      attention_room<T> room(memory, keys, layout.size);
      attention_of_segment<T>(layout, s).forward(room, g, out, log_total, q, k, v);
    });
  }

  /// Of a matrix whose columns aren't adjacent, a copy in which they are.
  view<T const> copied(view<T> to, view<T const> from) {
    this->map(outputs{to}, detail::same{}, from);
    return to;
  }

  void multiply_widened(view<T> c, view<T const> a, stored_matrix const& w, bool accumulate) {
    each_widened(w, 64, [&](std::ptrdiff_t n, view<T const> some) {
      matmul(c.columns_part(n, some.rows), a, some.transposed(), accumulate);
    });
  }

  /// f(first row, rows as numbers) of so many rows of the weights at once.
  template <class F>
  void each_widened(stored_matrix const& w, std::ptrdiff_t at_once, F f) {
    if constexpr (sizeof(T) == sizeof(float))
      if (auto const lies = reinterpret_cast<std::uintptr_t>(w.bytes) | std::uintptr_t(w.row_bytes);
          w.type == stored_type::f32 && lies % sizeof(T) == 0)
        return f(0, view<T const>(reinterpret_cast<T const*>(w.bytes), w.rows, w.columns,
                                  w.row_bytes / std::ptrdiff_t(sizeof(T)), 1));
    auto room = this->template temporary<T>(std::min(at_once, w.rows) * w.columns);
    for (std::ptrdiff_t n = 0; n < w.rows; n += at_once) {
      auto const part = w.part(n, std::min(at_once, w.rows - n));
      auto const rows = room.matrix(part.rows, w.columns);
      widen(part, rows, [](std::ptrdiff_t r) { return r; });
      f(n, view<T const>(rows));
    }
  }

  /// Each row of `to` is row row_of(r) of the weights.
  template <class F>
  void widen(stored_matrix const& weights, view<T> to, F row_of) {
    constexpr std::ptrdiff_t piece = 256;  // whole blocks of any type
    auto const& kernels = stored_kernels_of(weights.type);
    run_over_(to.rows, 1 + (1 << 14) / (to.columns + 1), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r)
        for (std::ptrdiff_t k = 0; k < to.columns; k += piece) {
          std::ptrdiff_t const count = std::min(piece, to.columns - k);
          auto const* const from = weights.row(row_of(r)) + stored_matrix::bytes_of(weights.type, k);
          if constexpr (sizeof(T) == sizeof(float))
            if (to.column_stride == 1) {
              kernels.widen(from, count, &to(r, k));
              continue;
            }
          float numbers[piece];
          kernels.widen(from, count, numbers);
          for (std::ptrdiff_t i = 0; i < count; ++i) to(r, k + i) = T(numbers[i]);
        }
    });
  }

  /// f(memory of the worker, the most keys, item, key head) for all items and heads; the memory has `more` matrices of
  /// keys besides a room.
  template <class F>
  void with_attention_rooms(attention_layout const& layout, std::vector<std::int32_t> const& items, int more, F f) {
    std::ptrdiff_t keys = layout.longest(), work = std::ptrdiff_t(items.size()) * layout.kv_heads;
    using room = attention_room<T>;
    std::ptrdiff_t size = room::size(keys, layout.size) + more * room::padded(keys) * room::padded(layout.size);
    auto memory = this->template temporary<T>(std::min<std::ptrdiff_t>(threads(), work) * size);
    run_over_(work, 1, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i)
        f(memory.all().data + worker * size, keys, items[std::size_t(i / layout.kv_heads)], int(i % layout.kv_heads));
    });
  }

  void product(view<T> c, view<T const> a, view<T const> b, product_ends<T> const& ends) {
    if (a.columns > 0 && (b.size() > (1 << 16) || (b.size() >= (1 << 13) && b.column_stride != 1))) {
      auto room = this->template temporary<T>(large_product_room(c, a, threads()));
      return large_product(run_over_, c, a, b, static_cast<T const*>(nullptr), room.all().data, ends);
    }
    constexpr int panel = panel_columns<T>;
    auto packed = this->template temporary<T>((c.columns + panel - 1) / panel * panel * a.columns);
    if (c.columns <= 4 && a.column_stride == 1 && a.columns >= wide::width)
      return narrow_product(run_over_, c, a, b, packed.all().data, ends);
    small_product(run_over_, c, a, b, packed.all().data, ends);
  }

  std::vector<std::int32_t> queried_;
};

}  // namespace COHORT_NAMESPACE::eigen
