import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Sends HL7 v2 files over MLLP, one connection for all, and prints each answer: java Send.java HOST PORT FILE... */
public final class Send {
    public static void main(String[] arguments) throws Exception {
        boolean refused = false;
        try (Socket socket = new Socket(arguments[0], Integer.parseInt(arguments[1]))) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            for (int i = 2; i < arguments.length; i++) {
                String segments = String.join("\r", Files.readAllLines(Path.of(arguments[i]), StandardCharsets.UTF_8));
                out.write(("\u000b" + segments + "\r\u001c\r").getBytes(StandardCharsets.UTF_8));
                out.flush();
                for (String segment : answer(in).split("\r")) {
                    if (segment.startsWith("MSA")) {
                        String code = segment.split("\\|")[1];
                        refused |= !code.equals("AA");
                        System.out.println(arguments[i] + " " + code);
                    } else if (segment.startsWith("ERR")) {
                        System.out.println("  " + segment);
                    }
                }
            }
        }
        System.exit(refused ? 1 : 0);
    }

    private static String answer(InputStream in) throws Exception {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        for (int before = 0, next; ; before = next) {
            next = in.read();
            if (next < 0) {
                throw new IllegalStateException("the connection ended without an answer: send the same message again");
            }
            if (before == 0x1c && next == 0x0d) {
                return found.toString(StandardCharsets.UTF_8);
            }
            if (next != 0x0b && next != 0x1c) {
                found.write(next);
            }
        }
    }
}
