"""One command a file: ``manage.py up``, ``audit_verify``, ``recover_admin``, …"""
