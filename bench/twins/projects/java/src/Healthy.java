import java.net.URL;

/** Ends well where the service answers as it should. */
public class Healthy {
  public static void main(String[] arguments) throws Exception {
    byte[] answer = new URL("http://127.0.0.1:8080/").openStream().readAllBytes();
    System.exit(new String(answer).equals("42") ? 0 : 1);
  }
}
