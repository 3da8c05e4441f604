/* The only process of an emulated machine: runs the C tests, writes their report to the serial port
 * and turns the machine off. See tools/emulated-avx512. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int run_tests(const char *cases) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {"/core_test", NULL};
        char *const environment[] = {"KERNEL=avx512", (char *)cases, NULL};
        execve(arguments[0], arguments, environment);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The kernel passes on what it does not know of its command line, such as CASES=1000. */
int main(int argc, char **argv, char **environment) {
    const char *cases = "CASES=1000";
    (void)argc, (void)argv;
    for (; *environment != NULL; environment++) {
        if ((*environment)[0] == 'C' && (*environment)[1] == 'A') {
            cases = *environment;
        }
    }
    mkdir("/dev", 0755);
    mkdir("/tmp", 0777);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    const int port = open("/dev/ttyS0", O_RDWR);
    for (int fd = 0; fd <= 2; fd++) {
        dup2(port, fd);
    }
    printf("exit status %d\n", run_tests(cases));
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    return 0;
}
