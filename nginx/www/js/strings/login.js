// SPDX-License-Identifier: GPL-3.0-or-later
export default {
	show: 'Show the password',
	emailMissing: 'Type your email address.',
	passwordMissing: 'Type your password.',
	suspended: 'This workspace is suspended. Its owner has been told why.',
	unsupported: 'This account needs a second step to log in, which this page does not offer yet.',
};
