-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "detached" BOOLEAN NOT NULL DEFAULT false;
