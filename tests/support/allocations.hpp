// Counts every allocation of the program it is included in, by one file only. Under a sanitizer too: malloc and free
// stay its own.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

long allocations = 0;
std::size_t bytes_allocated = 0;  ///< bytes, whatever was freed since

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations, bytes_allocated += size;
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(size)
                : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!p && size) throw std::bad_alloc();
  return p;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, std::size_t(alignment)); }
// The standard library's sorts ask for their buffers this way.
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return std::malloc((++allocations, bytes_allocated += size, size));
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
  return std::malloc((++allocations, bytes_allocated += size, size));
}
void* operator new[](std::size_t size) { return counted(size, 0); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return counted(size, std::size_t(alignment)); }
// Not inlined, or g++ sees free of what came from new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
