/* A small web service in C; for tests of smaller images. It writes a file in its folder first. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 8080 };

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *size, void **state) {
  (void)data, (void)url, (void)method, (void)version, (void)upload, (void)size, (void)state;
  struct MHD_Response *reply =
      MHD_create_response_from_buffer(2, (void *)"ok", MHD_RESPMEM_PERSISTENT);
  enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, reply);
  MHD_destroy_response(reply);
  return result;
}

static int check(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  static const char question[] = "GET / HTTP/1.0\r\n\r\n";
  char reply[256] = "";
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  if (write(connection, question, strlen(question)) < 0) return 1;
  if (read(connection, reply, sizeof reply - 1) <= 0) return 1;
  return strstr(reply, " 200 ") == NULL;
}

int main(int count, char **arguments) {
  (void)arguments;
  if (count > 1) return check();
  FILE *started = fopen("started", "w");
  if (started == NULL) return 1;
  fclose(started);
  struct MHD_Daemon *server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, PORT, NULL, NULL,
                                               &answer, NULL, MHD_OPTION_END);
  if (server == NULL) return 1;
  pause();
  return 0;
}
