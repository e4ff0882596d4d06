import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

/** A small web service; for measuring smaller images. */
public class Answer {
  public static void main(String[] arguments) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write("42".getBytes());
          exchange.close();
        });
    server.start();
  }
}
