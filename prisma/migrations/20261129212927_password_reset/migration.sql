-- AlterTable
ALTER TABLE "user" ADD COLUMN     "resetExpiresAt" TIMESTAMP(3),
ADD COLUMN     "resetHash" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "user_resetHash_key" ON "user"("resetHash");
