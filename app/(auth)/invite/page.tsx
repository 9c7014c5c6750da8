import type { Metadata } from "next";
import { InvitePage } from "./invite-form.tsx";

export const metadata: Metadata = { title: "Accept an invitation", referrer: "no-referrer" };

export default function Invite() {
	return <InvitePage />;
}
