/*
 * wallet_menu.h: which wallet, which of its accounts; or another one made.
 */
#ifndef SOUK_UI_WALLET_MENU_H
#define SOUK_UI_WALLET_MENU_H

#include "ui/domain.h"

void wallet_menu(struct domain *d);

#endif
