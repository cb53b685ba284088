// SPDX-License-Identifier: GPL-3.0-or-later
// The contacts page leads to the login page by itself when nobody is logged in.
location.replace('/contacts');
