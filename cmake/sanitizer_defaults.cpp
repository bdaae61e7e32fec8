// Read by the sanitizers' runtime at start.

// What LibTorch, sound systems and the libraries under them keep until the process ends.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libtorch_cpu\n"
         "leak:libtorch.so\n"
         "leak:libc10\n"
         "leak:libdnnl\n"
         "leak:libopenblas\n"
         "leak:libgomp\n"
         "leak:libtbb\n"
         "leak:libprotobuf\n"
         "leak:libonnx\n"
         "leak:libasound\n"
         "leak:libjack\n"
         "leak:libportaudio\n";
}

extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
extern "C" const char* __ubsan_default_options() { return "halt_on_error=1:print_stacktrace=1"; }
