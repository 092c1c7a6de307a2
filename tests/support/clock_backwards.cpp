// Loaded before a program (LD_PRELOAD): the time of day begins in 2001 and goes back a minute each time that it is
// asked for. Clocks that only go forward are the system's.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

namespace {

std::time_t next_second() {
  static std::atomic<std::time_t> now{1'000'000'000};
  return now -= 60;
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* now) {
  if (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE) return int(::syscall(SYS_clock_gettime, which, now));
  *now = {.tv_sec = next_second(), .tv_nsec = 0};
  return 0;
}
extern "C" int gettimeofday(timeval* now, void*) {
  *now = {.tv_sec = next_second(), .tv_usec = 0};
  return 0;
}
extern "C" std::time_t time(std::time_t* now) {
  auto const second = next_second();
  if (now) *now = second;
  return second;
}
