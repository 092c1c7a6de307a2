# Fails unless PAGE contains the text of SOURCE.
file(READ "${PAGE}" page)
file(READ "${SOURCE}" source)
string(STRIP "${source}" source)
string(FIND "${page}" "${source}" place)
if(place EQUAL -1)
  message(FATAL_ERROR "${PAGE} no longer shows ${SOURCE} as it is")
endif()
