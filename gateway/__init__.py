"""An email-first ticketing gateway: mail comes in, tickets and notifications come out."""
