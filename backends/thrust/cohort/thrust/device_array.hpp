#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/thrust/queue.hpp>
#include <utility>

namespace COHORT_NAMESPACE::thrust {

template <class T>
class basic_backend;

/// An owning array in a device's memory, made and grown by a backend. Growing discards the contents; shrinking keeps
/// the memory. All it does happens in the order of that backend's stream.
template <class T>
class device_array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  device_array() = default;
  device_array(device_array const& other) {
    if (!other.queue_) return;
    resize(other.queue_, other.size_);
    detail::on_device here(queue_->device());
    if (size_ > 0)
      detail::check(cudaMemcpyAsync(data_, other.data_, size_ * sizeof(T), cudaMemcpyDeviceToDevice, queue_->stream()),
                    "cudaMemcpyAsync", [&] { return detail::bytes(size_ * sizeof(T)); });
  }
  device_array(device_array&& other) noexcept { swap(other); }
  device_array& operator=(device_array other) noexcept {
    swap(other);
    return *this;
  }
  ~device_array() {
    if (queue_) queue_->free(data_);
  }

  T* data() { return data_; }
  T const* data() const { return data_; }
  std::ptrdiff_t size() const { return size_; }
  view<T> all() { return {data_, size_}; }
  view<T const> all() const { return {data_, size_}; }
  view<T> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) { return {data_, rows, columns}; }
  view<T const> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) const { return {data_, rows, columns}; }

 private:
  template <class>
  friend class basic_backend;

  /// n elements, all zero if memory had to be allocated. If there is none, the array stays as it was.
  void resize(std::shared_ptr<detail::queue> const& queue, std::ptrdiff_t n) {
    if (n > capacity_) {
      auto size = std::size_t(n) * sizeof(T);
      T* grown = static_cast<T*>(queue->allocate(size));
      detail::on_device here(queue->device());
      (void)cudaMemsetAsync(grown, 0, size, queue->stream());
      if (queue_) queue_->free(data_);
      data_ = grown;
      capacity_ = n;
      queue_ = queue;
    }
    size_ = n;
  }
  void swap(device_array& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::shared_ptr<detail::queue> queue_;
  T* data_ = nullptr;
  std::ptrdiff_t size_ = 0, capacity_ = 0;
};

}  // namespace COHORT_NAMESPACE::thrust
