/* The floor for a full-screen list: what ncursesw itself costs. minicurses [ROWS]; j, PageDown, q.
 */
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>

static void draw(int top, int cursor)
{
    for (int y = 0; y < LINES; y++) {
        attrset(y == cursor - top ? A_REVERSE : A_NORMAL);
        mvprintw(y, 0, "row %-8d  %08x  a line of a virtual list", top + y, (unsigned)(top + y));
        clrtoeol();
    }
    refresh();
}

int main(int argc, char **argv)
{
    int rows = argc > 1 ? atoi(argv[1]) : 100000, cursor = 0, top = 0, key = 0;
    setlocale(LC_ALL, "");
    initscr();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    do {
        cursor += key == 'j' ? 1 : key == KEY_NPAGE ? LINES : 0;
        cursor = cursor < rows ? cursor : rows - 1;
        top = cursor < top + LINES ? top : key == 'j' ? cursor - LINES + 1 : cursor;
        draw(top, cursor);
    } while ((key = getch()) != 'q');
    endwin();
    return 0;
}
