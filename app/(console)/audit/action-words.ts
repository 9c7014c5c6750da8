const WORDS: Readonly<Record<string, string>> = {
	"account.change-password": "Change own password",
	"account.create-administrator": "Create first administrator",
	"account.end-other-sessions": "Sign out of all other browsers",
	"account.end-session": "Sign out of another browser",
	"account.reset-password": "Set new password with a reset link",
	"cache.apply-pending-changes": "Apply pending changes",
	"cache.begin-pending-changes": "Start pending changes",
	"cache.cancel-operation": "Cancel change",
	"cache.create": "Create cache",
	"cache.delete": "Delete cache",
	"cache.drop-pending-changes": "Cancel pending changes",
	"cache.failover": "Fail over cache",
	"cache.modify": "Modify cache",
	"cache.promote": "Promote replica",
	"cache.read-credentials": "Reveal cache password",
	"cache.reboot": "Reboot cache nodes",
	"cache.set-slots": "Set slots of shards",
	"control-plane.backup": "Back up control plane",
	"control-plane.restore": "Restore control plane",
	"host.join": "Join as host",
	"host.report": "Report on other hosts' nodes",
	"rate-card.set": "Set rate card",
	"session.sign-in": "Sign in",
	"session.sign-out": "Sign out",
	"user.accept-invitation": "Accept invitation",
	"user.make-administrator": "Make user an administrator",
	"user.make-viewer": "Make user a viewer",
	"user.reset-password": "Create password-reset link",
};

/** An action in words: "parameter-group.create" → "Create parameter group". */
export function actionWords(action: string): string {
	const known = WORDS[action];
	if (known !== undefined) return known;
	const [thing = "", verb = ""] = action.split(".");
	const words = `${verb} ${thing}`.replaceAll("-", " ").trim();
	return words.charAt(0).toUpperCase() + words.slice(1);
}
