#pragma once
#include <cohort/backend/attention.hpp>
#include <cohort/backend/stored_types.hpp>

namespace COHORT_NAMESPACE {

/// Rows of numbers in 16 bits that follow one another in a backend's memory, float16 or bfloat16, which are written and
/// read, as keys and values in a cache are. It owns nothing; the bytes need no alignment.
struct half_matrix {
  stored_type type = stored_type::f16;
  unsigned char* bytes = nullptr;
  std::ptrdiff_t rows = 0, columns = 0;
};

/// A backend that rounds rows to 16 bits, to(index(r)) = in(r), and attends to such keys and values: they are widened
/// to the numbers that they mean wherever they are needed, and nothing else is rounded.
template <class B>
concept half_caches =
    requires(B b, attention_layout const& layout, view<typename B::value_type> out,
             view<typename B::value_type const> in, view<std::int32_t const> index, half_matrix halves) {
      b.scatter(halves, in, index);
      b.attention(layout, out, out, in, halves, halves);
    };

}  // namespace COHORT_NAMESPACE
