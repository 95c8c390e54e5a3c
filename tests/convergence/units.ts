/** Every unit test of the modules under test, in one process. */
import "./order";
import "./rebase";
import "./outbox";
import "./sync";
import "./answers";
import "./drain";
import "./wipe";
import "./transport";
