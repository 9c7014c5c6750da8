import type { Metadata } from "next";
import { ResetPasswordPage } from "./reset-password-form.tsx";

export const metadata: Metadata = { title: "Set a new password", referrer: "no-referrer" };

export default function ResetPassword() {
	return <ResetPasswordPage />;
}
