import type { Metadata } from "next";
import { SetupForm } from "./setup-form.tsx";

export const metadata: Metadata = { title: "Set up", referrer: "no-referrer" };

export default function SetupPage() {
	return <SetupForm />;
}
